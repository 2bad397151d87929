/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entry of "sources" an event that Lambda brings is one of: that of the same type whose options name its queue,
 * stream, table or topic. Pure.
 */
#ifndef LEAT_CONFIG_MATCH_H
#define LEAT_CONFIG_MATCH_H

#include <config/config.h>

#include <leat/unit.h>

/* Where a record came from, as its payload says. */
struct leat_origin {
    leat_str type;  /* the trigger, which sources are called too: sqs, kinesis, dynamodb, kafka */
    leat_str arn;   /* the event source ARN; absent: it has none, such as Kafka outside of AWS */
    leat_str topic; /* of Kafka */
};

struct leat_origin leat_origin_of(const struct leat_record *record);

/* Options that name where events come from: "arn", "queue", "stream", "table", "topic", "topics". A name alone fits in
 * every account and region; a queue's URL fits by account and name; an ARN also fits what lies below it, as a table's
 * does its streams. Several must all fit. The first such entry in the order of the file; NULL: there is none. */
struct leat_config_source *leat_config_match(const struct leat_config *config, const struct leat_origin *origin);
/* Has it such an option? */
bool leat_config_has_origin(const struct leat_config_source *source);

#endif
