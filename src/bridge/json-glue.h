/* json-glue.h - what we take from json-glib: objects written member by member.
 *
 * A member's value is either one of our own words, which scripts rely on, or somebody else's text,
 * which passes base/text on its way.
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A document that begins as an object with its "schema". (transfer full) */
JsonBuilder *ll_json_new (const char *schema);

/* Ends the object and the document: pretty-printed, with a line end. (transfer full) */
char *ll_json_finish (JsonBuilder *builder);

/* `name` may be NULL for an object in an array. End them with json_builder_end_*(). */
void ll_json_begin_object (JsonBuilder *builder, const char *name);
void ll_json_begin_array (JsonBuilder *builder, const char *name);

/* Somebody else's text, made safe; NULL gives null. */
void ll_json_add_text (JsonBuilder *builder, const char *name, const char *text);

/* One of our own words; NULL gives null. */
void ll_json_add_word (JsonBuilder *builder, const char *name, const char *word);

void ll_json_add_boolean (JsonBuilder *builder, const char *name, gboolean value);
void ll_json_add_number (JsonBuilder *builder, const char *name, gint64 value);

/* As ISO 8601; 0 gives null. */
void ll_json_add_time (JsonBuilder *builder, const char *name, gint64 time);

G_END_DECLS
