/* json-glue.c - what enters: names and values. What leaves: JSON. It knows no schema. */
#include <config.h>

#include "base/clock.h"
#include "base/text.h"
#include "bridge/json-glue.h"

JsonBuilder *
ll_json_new (const char *schema)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  ll_json_add_word (builder, "schema", schema);
  return builder;
}

char *
ll_json_finish (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, TRUE);
  return g_strconcat (text, "\n", NULL);
}

void
ll_json_begin_object (JsonBuilder *builder, const char *name)
{
  if (name != NULL)
    json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
}

void
ll_json_begin_array (JsonBuilder *builder, const char *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
}

void
ll_json_add_text (JsonBuilder *builder, const char *name, const char *text)
{
  g_autofree char *safe = text != NULL ? ll_text_safe (text, -1) : NULL;
  ll_json_add_word (builder, name, safe);
}

void
ll_json_add_word (JsonBuilder *builder, const char *name, const char *word)
{
  json_builder_set_member_name (builder, name);
  if (word != NULL)
    json_builder_add_string_value (builder, word);
  else
    json_builder_add_null_value (builder);
}

void
ll_json_add_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value != FALSE);
}

void
ll_json_add_number (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

void
ll_json_add_time (JsonBuilder *builder, const char *name, gint64 time)
{
  g_autofree char *iso = ll_clock_to_iso (time);
  ll_json_add_word (builder, name, iso);
}
