/* cmd-doctor.c - letterlock doctor. */
#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "bridge/json-glue.h"
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
  g_autoptr (JsonBuilder) builder = ll_json_new ("letterlock.doctor/1");

  ll_json_add_boolean (builder, "well", ll_op_doctor_is_well (diagnoses));
  ll_json_begin_array (builder, "findings");
  for (guint i = 0; i < diagnoses->len; i++)
    {
      const LlDiagnosis *diagnosis = g_ptr_array_index (diagnoses, i);
      ll_json_begin_object (builder, NULL);
      ll_json_add_word (builder, "id", diagnosis->id);
      ll_json_add_word (builder, "health", health_names[diagnosis->health]);
      ll_json_add_text (builder, "finding", diagnosis->finding);
      ll_json_add_text (builder, "advice", diagnosis->advice);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  return ll_json_finish (builder);
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
  if (argc > 1)
    {
      g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                           _ ("The doctor looks at everything; it takes no arguments."));
      return -1;
    }
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
