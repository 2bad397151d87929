/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of options for others: `describe schema` prints a JSON Schema, `describe markdown` the table of the
 * reference page. A program of the build, not of the package.
 */
#include <config/config.h>

#include <leat/alloc.h>

#include <stdio.h>

#define REFERENCE "\\\\$\\\\{" /* ${ anywhere: what it becomes is known when it is read */

static void print_type(FILE *out, const struct leat_option *option)
{
    static const char pattern[] = "\"type\": \"string\", \"pattern\": \"^[0-9]+ ?(%s)$|" REFERENCE "\"";
    leat_str rest = leat_str_c(option->choices);
    const char *between = "";
    switch (option->type) {
    case LEAT_OPTION_TEXT:
    default:
    case LEAT_OPTION_HANDLER: fputs("\"type\": \"string\"", out); break;
    case LEAT_OPTION_DURATION: fprintf(out, pattern, "ms|s|m|h"); break;
    case LEAT_OPTION_SIZE:
        fputs("\"type\": [\"string\", \"integer\"], \"minimum\": 0, ", out);
        fputs("\"pattern\": \"^[0-9]+ ?(B|kB|KB|MB|GB|KiB|MiB|GiB)?$|" REFERENCE "\"", out);
        break;
    case LEAT_OPTION_FLAG:
        fputs("\"type\": [\"boolean\", \"string\"], \"pattern\": \"^(true|false|1|0)$|" REFERENCE "\"", out);
        break;
    case LEAT_OPTION_MAP: fputs("\"type\": \"object\"", out); break;
    case LEAT_OPTION_CHOICE:
        fputs("\"type\": \"string\", \"pattern\": \"^(", out);
        for (; rest.ptr != NULL; between = "|") {
            leat_str word = leat_str_cut(&rest, ' ');
            fprintf(out, "%s%.*s", between, LEAT_ARG(word));
        }
        fputs(")$|" REFERENCE "\"", out);
        break;
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
    print_type(stdout, option);
    if (option->fallback != NULL && option->type == LEAT_OPTION_FLAG)
        printf(", \"default\": %s", option->fallback);
    else if (option->fallback != NULL)
        printf(", \"default\": \"%s\"", option->fallback);
    printf(", \"description\": %s}", leat_buf_str(&help).ptr);
}

/* All members of the group that *at begins; leaves *at at the last of them. */
static void print_group(const struct leat_option **at)
{
    leat_str rest = leat_str_c((*at)->key);
    leat_str group = leat_str_cut(&rest, '.');
    printf("    \"%.*s\": {\n      \"type\": \"object\",\n      \"additionalProperties\": false,\n"
           "      \"properties\": {\n",
           LEAT_ARG(group));
    for (;;) {
        print_property(*at, rest.ptr, "        ");
        rest = leat_str_c((*at)[1].key);
        if ((*at)[1].key == NULL || !leat_str_eq(leat_str_cut(&rest, '.'), group) || rest.ptr == NULL)
            break;
        puts(",");
        (*at)++;
    }
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
    for (const struct leat_option *at = leat_options; at->key != NULL; at++) {
        if (at != leat_options)
            puts(",");
        if (strchr(at->key, '.') != NULL)
            print_group(&at);
        else
            print_property(at, at->key, "    ");
    }
    puts("\n  }\n}");
}

static void print_markdown(void)
{
    puts("| option | wants | default | what |\n|---|---|---|---|");
    for (const struct leat_option *at = leat_options; at->key != NULL; at++)
        printf("| `%s` | %s | %s%s%s | %s |\n", at->key, leat_option_wants(at), at->fallback != NULL ? "`" : "",
               at->fallback != NULL ? at->fallback : "", at->fallback != NULL ? "`" : "", at->help);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "schema") == 0)
        print_schema();
    else if (argc == 2 && strcmp(argv[1], "markdown") == 0)
        print_markdown();
    else
        return fputs("describe schema|markdown\n", stderr) == EOF ? 74 : 64;
    return fflush(stdout) == 0 ? 0 : 74;
}
