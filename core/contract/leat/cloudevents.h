/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that already are CloudEvents keep their attributes. Structured mode is a JSON object (CloudEvents JSON
 * format 1.0.2); binary mode spreads the attributes over what a transport has for headers, as ce-NAME or ce_NAME
 * (HTTP and Kafka protocol bindings). The two are read alike, so a producer may change between them.
 */
#ifndef LEAT_CLOUDEVENTS_H
#define LEAT_CLOUDEVENTS_H

#include <leat/adapter.h>

LEAT_BEGIN

#define LEAT_CLOUDEVENTS "cloudevents" /* the kind */

struct leat_cloudevent {
    leat_str specversion, id, source, type, subject, time, datacontenttype;
    struct leat_attribute *extensions; /* dataschema among them; any order */
};

/* Takes an attribute by its CloudEvents name; a name that CloudEvents does not allow, and an absent value, are
 * passed over. False: out of memory. */
bool leat_cloudevent_add(struct leat_arena *arena, struct leat_cloudevent *event, leat_str name, leat_str value);
/* The attribute that a header of binary mode names, whatever its case; absent: it is another header. */
leat_str leat_cloudevent_header(struct leat_arena *arena, leat_str header);
/* Version 1.x with id, source and type. */
bool leat_cloudevent_is_whole(const struct leat_cloudevent *event);
/* Its attributes become the envelope's, all of them and no others. */
void leat_cloudevent_apply(struct leat_cloudevent *event, struct leat_arena *arena, struct leat_envelope *envelope);
/* The same for binary mode, if it is whole: the event is then a CloudEvent inside its carrier, of which it keeps the
 * view. */
void leat_cloudevent_apply_binary(struct leat_cloudevent *event, struct leat_decoder *decoder,
                                  struct leat_envelope *envelope);
/* Structured mode: reads the object's attributes, and where its data is. BAD_RECORD with the reason. */
leat_status leat_cloudevent_read(struct leat_decoder *decoder, const struct leat_record *record,
                                 struct leat_cloudevent *retevent, struct leat_data *retdata);

LEAT_END

#endif
