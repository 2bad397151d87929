/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of options for others: `describe schema` prints a JSON Schema, `describe options`, `describe sources` and
 * `describe sinks` the tables of the reference page. A program of the build, not of the package.
 */
#include <config/builtin.h>
#include <config/config.h>

#include <leat/alloc.h>

#include <stdio.h>

#define REFERENCE "\\\\$\\\\{" /* ${ anywhere: what it becomes is known when it is read */

static void print_choice(const struct leat_option *option)
{
    leat_str rest = leat_str_c(option->choices);
    fputs("\"type\": \"string\", \"pattern\": \"^(", stdout);
    for (const char *between = ""; rest.ptr != NULL; between = "|") {
        leat_str word = leat_str_cut(&rest, ' ');
        printf("%s%.*s", between, LEAT_ARG(word));
    }
    fputs(")$|" REFERENCE "\"", stdout);
}

static void print_count(const struct leat_option *option)
{
    leat_str most = leat_str_c(leat_option_required(option) ? NULL : option->choices);
    leat_str least = leat_str_cut(&most, ' ');
    printf("\"type\": [\"integer\", \"string\"], \"minimum\": %.*s, ", LEAT_ARG(least.len > 0 ? least : LEAT_STR("0")));
    if (most.len > 0)
        printf("\"maximum\": %.*s, ", LEAT_ARG(most));
    fputs("\"pattern\": \"^[0-9]+$|" REFERENCE "\"", stdout);
}

static void print_type(const struct leat_option *option)
{
    static const char pattern[] = "\"type\": \"string\", \"pattern\": \"^[0-9]+ ?(%s)$|" REFERENCE "\"";
    switch (option->type) {
    case LEAT_OPTION_TEXT:
    case LEAT_OPTION_HANDLER:
    case LEAT_OPTION_PATH: fputs("\"type\": \"string\"", stdout); break;
    case LEAT_OPTION_LIST:
        fputs("\"type\": [\"array\", \"string\"], \"items\": {\"type\": [\"string\", \"number\", \"boolean\"]}",
              stdout);
        break;
    case LEAT_OPTION_DURATION: printf(pattern, "ms|s|m|h"); break;
    case LEAT_OPTION_RATE: printf(pattern, "/s|/m|/h"); break;
    case LEAT_OPTION_SIZE:
        fputs("\"type\": [\"string\", \"integer\"], \"minimum\": 0, ", stdout);
        fputs("\"pattern\": \"^[0-9]+ ?(B|kB|KB|MB|GB|KiB|MiB|GiB)?$|" REFERENCE "\"", stdout);
        break;
    case LEAT_OPTION_COUNT: print_count(option); break;
    case LEAT_OPTION_FLAG:
        fputs("\"type\": [\"boolean\", \"string\"], \"pattern\": \"^(true|false|1|0)$|" REFERENCE "\"", stdout);
        break;
    case LEAT_OPTION_MAP: fputs("\"type\": \"object\"", stdout); break;
    case LEAT_OPTION_ANY:
        fputs("\"type\": [\"array\", \"boolean\", \"number\", \"object\", \"string\"]", stdout);
        break;
    case LEAT_OPTION_SINK: fputs("\"type\": [\"string\", \"object\"]", stdout); break;
    case LEAT_OPTION_CHOICE: print_choice(option); break;
    }
}

static void print_property(const struct leat_option *option, const char *name, const char *indent)
{
    struct leat_arena arena LEAT_CLEANUP(leat_arena_fini) = {0};
    struct leat_buf help;
    leat_arena_init(&arena, 0);
    leat_buf_init(&help, &arena);
    leat_buf_json_string(&help, leat_str_c(option->help));
    printf("%s\"%s\": {", indent, name);
    print_type(option);
    bool bare = option->type == LEAT_OPTION_FLAG || option->type == LEAT_OPTION_COUNT;
    if (option->fallback != NULL && bare)
        printf(", \"default\": %s", option->fallback);
    else if (option->fallback != NULL)
        printf(", \"default\": \"%s\"", option->fallback);
    printf(", \"description\": %s}", leat_buf_str(&help).ptr);
}

/* All members of the group that *at begins; leaves *at at the last of them. */
static void print_group(const struct leat_option **at, const char *indent)
{
    leat_str rest = leat_str_c((*at)->key);
    leat_str group = leat_str_cut(&rest, '.');
    char deeper[32];
    snprintf(deeper, sizeof(deeper), "%s    ", indent);
    printf("%s\"%.*s\": {\n%s  \"type\": \"object\",\n%s  \"additionalProperties\": false,\n%s  \"properties\": {\n",
           indent, LEAT_ARG(group), indent, indent, indent);
    for (;;) {
        print_property(*at, rest.ptr, deeper);
        rest = leat_str_c((*at)[1].key);
        if ((*at)[1].key == NULL || !leat_str_eq(leat_str_cut(&rest, '.'), group) || rest.ptr == NULL)
            break;
        puts(",");
        (*at)++;
    }
    printf("\n%s  }\n%s}", indent, indent);
}

static void print_table(const struct leat_option *options, const char *indent)
{
    for (const struct leat_option *at = options; at->key != NULL; at++) {
        if (at != options)
            puts(",");
        if (strchr(at->key, '.') != NULL)
            print_group(&at, indent);
        else
            print_property(at, at->key, indent);
    }
}

/* --- entries --------------------------------------------------------------------------------------------- */

/* A built-in type: of a source, or of a sink. */
struct type {
    const char *name;
    const struct leat_option *options;
};

static bool type_at(bool sources, size_t i, struct type *rettype)
{
    const struct leat_source_ops *source = sources ? leat_builtin_sources[i] : NULL;
    const struct leat_sink_ops *sink = sources ? NULL : leat_builtin_sinks[i];
    if (source != NULL)
        *rettype = (struct type){.name = source->name, .options = source->options};
    if (sink != NULL)
        *rettype = (struct type){.name = sink->name, .options = sink->options};
    return source != NULL || sink != NULL;
}

/* The names of a table, each once, with any value: another schema says what it wants. */
static void print_names(const struct leat_option *options)
{
    leat_str last = LEAT_STR("");
    for (const struct leat_option *at = options; at->key != NULL; at++) {
        leat_str rest = leat_str_c(at->key);
        leat_str name = leat_str_cut(&rest, '.');
        if (!leat_str_eq(name, last))
            printf("%s\"%.*s\": true", at != options ? ", " : "", LEAT_ARG(name));
        last = name;
    }
}

/* What a type adds: all that it has is known then. */
static void print_addition(const struct leat_option *common, const struct type *type)
{
    printf("          {\"if\": {\"properties\": {\"type\": {\"const\": \"%s\"}}}, \"then\": {\n"
           "            \"additionalProperties\": false,\n            \"properties\": {\n              ",
           type->name);
    print_names(common);
    if (type->options != NULL && type->options->key != NULL) {
        puts(",");
        print_table(type->options, "              ");
    }
    fputs("\n            }", stdout);
    const char *between = ",\n            \"required\": [";
    for (const struct leat_option *at = type->options; at != NULL && at->key != NULL; at++)
        if (leat_option_required(at) && strchr(at->key, '.') == NULL) {
            printf("%s\"%s\"", between, at->key);
            between = ", ";
        }
    printf("%s\n          }}", between[1] == ' ' ? "]" : "");
}

/* A type that is not built in comes from a module: its own options are anything. */
static void print_entries(bool sources)
{
    const struct leat_option *common = sources ? leat_source_options : leat_sink_options;
    struct type type;
    printf(",\n    \"%s\": {\n      \"type\": \"object\",\n      \"additionalProperties\": {\n        \"type\": "
           "\"object\",\n"
           "        \"required\": [\"type\"],\n        \"properties\": {\n",
           sources ? "sources" : "sinks");
    print_table(common, "          ");
    fputs("\n        }", stdout);
    for (size_t i = 0; type_at(sources, i, &type); i++) {
        puts(i == 0 ? ",\n        \"allOf\": [" : ",");
        print_addition(common, &type);
    }
    fputs(type_at(sources, 0, &type) ? "\n        ]" : "", stdout);
    fputs("\n      }\n    }", stdout);
}

static void print_schema(void)
{
    puts("{\n"
         "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
         "  \"title\": \"leat.yaml\",\n"
         "  \"type\": \"object\",\n"
         "  \"additionalProperties\": false,\n"
         "  \"properties\": {");
    print_table(leat_options, "    ");
    print_entries(false);
    print_entries(true);
    puts("\n  }\n}");
}

/* --- the page ---------------------------------------------------------------------------------------------- */

static void print_rows(const struct leat_option *options)
{
    puts("| option | wants | default | what |\n|---|---|---|---|");
    for (const struct leat_option *at = options; at->key != NULL; at++) {
        const char *tick = at->fallback != NULL ? "`" : "";
        printf("| `%s` | %s | %s%s%s | %s |\n", at->key, leat_option_wants(at).text, tick,
               at->fallback != NULL       ? at->fallback
               : leat_option_required(at) ? "must be given"
                                          : "",
               tick, at->help);
    }
}

static void print_types(bool sources)
{
    struct type type;
    print_rows(sources ? leat_source_options : leat_sink_options);
    for (size_t i = 0; type_at(sources, i, &type); i++) {
        printf("\nOf its own a %s `%s` has:\n\n", sources ? "source" : "sink", type.name);
        if (type.options != NULL)
            print_rows(type.options);
        else
            puts("nothing.");
    }
}

int main(int argc, char **argv)
{
    const char *form = argc == 2 ? argv[1] : "";
    if (strcmp(form, "schema") == 0)
        print_schema();
    else if (strcmp(form, "options") == 0)
        print_rows(leat_options);
    else if (strcmp(form, "sources") == 0 || strcmp(form, "sinks") == 0)
        print_types(strcmp(form, "sources") == 0);
    else
        return fputs("describe schema|options|sources|sinks\n", stderr) == EOF ? 74 : 64;
    return fflush(stdout) == 0 ? 0 : 74;
}
