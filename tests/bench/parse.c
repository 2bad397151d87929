/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of the bench: reads a file, then parses it with cJSON and frees the tree, N times. */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static char *read_file(const char *path, size_t *retlen)
{
    FILE *file = fopen(path, "rb");
    size_t size = 1 << 24;
    char *text = malloc(size);
    *retlen = file != NULL && text != NULL ? fread(text, 1, size, file) : 0;
    if (file != NULL && fclose(file) != 0)
        *retlen = 0;
    return text;
}

int main(int argc, char **argv)
{
    size_t len = 0;
    char *text = argc == 3 ? read_file(argv[1], &len) : NULL;
    long times = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    bool good = len > 0 && times > 0;
    for (long i = 0; good && i < times; i++) {
        cJSON *tree = cJSON_ParseWithLength(text, len);
        good = tree != NULL;
        cJSON_Delete(tree);
    }
    free(text);
    return good ? 0 : 1;
}
