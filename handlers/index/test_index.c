/* SPDX-License-Identifier: Apache-2.0 */
#include <leat/leat.h>
#include <leat/test.h>

#include <stdio.h>

#define INDEX "test_index.ndjson"
#define ZEROS "0000000000000000000000000000" /* sequences compare as text, so they are padded */
#define RECORD(name, object)                                                                                  \
    "{\"Records\": [{\"eventSource\": \"aws:s3\", \"awsRegion\": \"eu-west-1\", \"eventName\": \"" name "\"," \
    " \"responseElements\": {\"x-amz-request-id\": \"R1\"},"                                                  \
    " \"s3\": {\"bucket\": {\"name\": \"uploads\"}, \"object\": " object "}}]}"

extern const struct leat_handler leat_handler_index;

/* What the index holds after a payload, and only because of it. False if it is not what is expected. */
static bool indexes(const char *payload, size_t events, const char *expected)
{
    char text[512];
    (void)remove(INDEX);
    struct leat_test *test = leat_test_open(&leat_handler_index, "{\"index\": \"" INDEX "\"}");
    bool good = leat_test_run(test, payload) == events;
    good = good && (events == 0 || leat_test_outcome(test, 0) == LEAT_OUTCOME_OK);
    leat_test_close(test);

    FILE *file = fopen(INDEX, "r");
    if (file == NULL)
        return false;
    size_t len = fread(text, 1, sizeof(text), file);
    (void)fclose(file);
    (void)remove(INDEX);
    return good && leat_str_eq(leat_str_of(text, len), leat_str_c(expected));
}

int main(void)
{
    leat_test_check(indexes(RECORD("ObjectCreated:Put", "{\"key\": \"a+b%2Bc.txt\", \"size\": 9000000000,"
                                                        " \"eTag\": \"e1\", \"sequencer\": \"00AB\"}"),
                            1,
                            "{\"op\":\"put\",\"bucket\":\"uploads\",\"key\":\"a b+c.txt\",\"etag\":\"e1\","
                            "\"sequence\":\"00AB" ZEROS "\",\"size\":9000000000}\n"),
                    "an object is indexed by its decoded key");
    leat_test_check(indexes(RECORD("ObjectRemoved:Delete", "{\"key\": \"a.txt\", \"sequencer\": \"00AC\"}"), 1,
                            "{\"op\":\"remove\",\"bucket\":\"uploads\",\"key\":\"a.txt\","
                            "\"sequence\":\"00AC" ZEROS "\"}\n"),
                    "a removed object goes, and has no size");
    leat_test_check(indexes(RECORD("ObjectCreated:Copy", "{\"key\": \"line%0Abreak\"}"), 1,
                            "{\"op\":\"put\",\"bucket\":\"uploads\",\"key\":\"line\\nbreak\"}\n"),
                    "a line stays a line, whatever the key");
    leat_test_check(indexes(RECORD("ObjectTagging:Put", "{\"key\": \"a.txt\"}"), 1, ""), "other events change nothing");
    leat_test_check(
        indexes("{\"Service\": \"Amazon S3\", \"Event\": \"s3:TestEvent\", \"Bucket\": \"uploads\"}", 0, ""),
        "S3's test event is no event");
    return leat_test_done();
}
