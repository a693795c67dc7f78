/* cmd-doctor.c - letterlock doctor. */
#include <config.h>

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "cli/command.h"
#include "ops/op-doctor.h"

static const char *const health_names[]
    = { [LL_HEALTH_GOOD] = "good", [LL_HEALTH_NOTE] = "note", [LL_HEALTH_BAD] = "bad" };

static const char *const health_marks[]
    = { [LL_HEALTH_GOOD] = "✓", [LL_HEALTH_NOTE] = "•", [LL_HEALTH_BAD] = "✗" };

/* letterlock.doctor/1, doc/json.md */
static char *
to_json (GPtrArray *diagnoses)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "schema");
  json_builder_add_string_value (builder, "letterlock.doctor/1");
  json_builder_set_member_name (builder, "well");
  json_builder_add_boolean_value (builder, ll_op_doctor_is_well (diagnoses));
  json_builder_set_member_name (builder, "findings");
  json_builder_begin_array (builder);
  for (guint i = 0; i < diagnoses->len; i++)
    {
      const LlDiagnosis *diagnosis = g_ptr_array_index (diagnoses, i);
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "id");
      json_builder_add_string_value (builder, diagnosis->id);
      json_builder_set_member_name (builder, "health");
      json_builder_add_string_value (builder, health_names[diagnosis->health]);
      json_builder_set_member_name (builder, "finding");
      json_builder_add_string_value (builder, diagnosis->finding);
      json_builder_set_member_name (builder, "advice");
      if (diagnosis->advice != NULL)
        json_builder_add_string_value (builder, diagnosis->advice);
      else
        json_builder_add_null_value (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, TRUE);
  return g_strconcat (text, "\n", NULL);
}

static char *
to_text (GPtrArray *diagnoses)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < diagnoses->len; i++)
    {
      const LlDiagnosis *diagnosis = g_ptr_array_index (diagnoses, i);
      g_string_append_printf (text, "%s %s\n", health_marks[diagnosis->health], diagnosis->finding);
      if (diagnosis->advice != NULL)
        g_string_append_printf (text, "  → %s\n", diagnosis->advice);
    }
  g_string_append (text, ll_op_doctor_is_well (diagnoses)
                             ? _ ("All that is needed works.\n")
                             : _ ("Something that is needed does not work: see ✗ above.\n"));
  return g_string_free (text, FALSE);
}

static int
run_doctor (const LlCommand *command, int argc, char **argv, GError **error)
{
  g_autoptr (GPtrArray) diagnoses = NULL;
  g_autofree char *text = NULL;

  if (!ll_command_parse (command, NULL, &argc, &argv, error))
    return -1;
  diagnoses = ll_op_doctor (ll_command_get_policy (), ll_command_get_cancellable ());
  text = ll_command_wants_json () ? to_json (diagnoses) : to_text (diagnoses);
  if (!ll_command_print (text, error))
    return -1;
  return ll_op_doctor_is_well (diagnoses) ? 0 : 1;
}

const LlCommand ll_commands_doctor[] = {
  { NULL, "doctor", "", N_ ("Look whether everything that is needed is there and works"),
    "  letterlock doctor\n"
    "  letterlock doctor --json",
    run_doctor },
  { NULL },
};
