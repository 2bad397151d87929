/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sbom.json: what an archive was made of, as CycloneDX 1.5. No time, no serial number and no path of the machine is in
 * it: the same files give the same text.
 */
#include "files.h"
#include "package.h"

#include <leat/text.h>

#include <stdlib.h>

static const char *const roles[] = {
    [LEAT_PACKAGE_BOOTSTRAP] = "bootstrap", [LEAT_PACKAGE_PROGRAM] = "program",
    [LEAT_PACKAGE_MODULE] = "module",       [LEAT_PACKAGE_LIBRARY] = "library",
    [LEAT_PACKAGE_HANDLER] = "handler",     [LEAT_PACKAGE_CONFIGURATION] = "configuration",
};

const char *leat_package_role_name(enum leat_package_role role)
{
    return roles[role];
}

/* Whose packages dpkg has: "debian", "ubuntu". */
static leat_str vendor(struct leat_arena *arena)
{
    leat_str text, id = LEAT_STR("debian");
    if (!leat_is_ok(leat_file_read(arena, "/etc/os-release", &text, NULL)))
        return id;
    while (text.ptr != NULL) {
        leat_str line = leat_str_cut(&text, '\n');
        if (leat_str_starts(line, LEAT_STR("ID=")) && leat_str_plain(line) == line.len)
            id = leat_str_skip(line, 3);
    }
    return id;
}

static void add_encoded(struct leat_buf *buf, leat_str text)
{
    leat_buf_add(buf, leat_percent_encode(buf->arena, text, ""));
}

/* pkg:deb/debian/libcjson1@1.7.15-1%2Bdeb12u4?arch=amd64 */
static leat_str package_url(struct leat_arena *arena, leat_str vendor_id, const struct leat_package_item *item)
{
    struct leat_buf buf;
    leat_str architecture = item->owner, name = leat_str_cut(&architecture, ':');
    leat_buf_init(&buf, arena);
    leat_buf_c(&buf, "pkg:deb/");
    add_encoded(&buf, vendor_id);
    leat_buf_char(&buf, '/');
    add_encoded(&buf, name);
    leat_buf_char(&buf, '@');
    add_encoded(&buf, item->version);
    if (architecture.len > 0) {
        leat_buf_c(&buf, "?arch=");
        add_encoded(&buf, architecture);
    }
    return leat_buf_str(&buf);
}

static void add_property(struct leat_buf *buf, const char *name, leat_str value)
{
    leat_buf_c(buf, "{\"name\":\"leat:");
    leat_buf_c(buf, name);
    leat_buf_c(buf, "\",\"value\":");
    leat_buf_json_string(buf, value);
    leat_buf_char(buf, '}');
}

static void add_component(struct leat_buf *buf, leat_str vendor_id, const struct leat_package_item *item)
{
    char hash[LEAT_SHA256_LEN], size[24];
    bool known = item->owner.len > 0 && item->version.len > 0;
    leat_sha256_write(item->content, hash);
    int len = snprintf(size, sizeof(size), "%zu", item->content.len);
    leat_buf_c(buf, "{\"type\":\"file\",\"name\":");
    leat_buf_json_string(buf, item->name);
    if (known)
        leat_buf_json_member(buf, "version", item->version);
    leat_buf_c(buf, ",\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"");
    leat_buf_add(buf, leat_str_of(hash, sizeof(hash)));
    leat_buf_c(buf, "\"}]");
    if (known)
        leat_buf_json_member(buf, "purl", package_url(buf->arena, vendor_id, item));
    leat_buf_c(buf, ",\"properties\":[");
    add_property(buf, "role", leat_str_c(roles[item->role]));
    leat_buf_char(buf, ',');
    add_property(buf, "bytes", leat_str_of(size, (size_t)len));
    if (known) {
        leat_buf_char(buf, ',');
        add_property(buf, "package", item->owner);
    }
    leat_buf_c(buf, "]}");
}

static int by_name(const void *a, const void *b)
{
    return leat_str_compare((*(const struct leat_package_item *const *)a)->name,
                            (*(const struct leat_package_item *const *)b)->name);
}

leat_str leat_package_list(struct leat_package *package, leat_str name)
{
    const struct leat_package_item **items =
        LEAT_NEW_N(&package->arena, const struct leat_package_item *, package->count + 1);
    leat_str vendor_id = vendor(&package->arena);
    struct leat_buf buf;
    size_t count = 0;
    for (const struct leat_package_item *item = package->first; items != NULL && item != NULL; item = item->next)
        items[count++] = item;
    if (count > 0)
        qsort(items, count, sizeof(struct leat_package_item *), by_name);
    leat_buf_init(&buf, &package->arena);
    leat_buf_c(&buf, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"version\":1,\n\"metadata\":{\"tools\":{"
                     "\"components\":[{\"type\":\"application\",\"name\":\"leat\",\"version\":\"" LEAT_VERSION "\"}]},"
                     "\"component\":{\"type\":\"application\",\"name\":");
    leat_buf_json_string(&buf, name);
    leat_buf_c(&buf, "}},\n\"components\":[\n");
    for (size_t i = 0; i < count; i++) {
        leat_buf_c(&buf, i > 0 ? ",\n" : "");
        add_component(&buf, vendor_id, items[i]);
    }
    leat_buf_c(&buf, "]}\n");
    return leat_buf_str(&buf);
}
