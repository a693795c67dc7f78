/* reader.c - what enters: the path of a message. What leaves: the verdict and the text to show. It
 * decides nothing. */
#include <config.h>

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "ui/reader.h"

void
ll_ui_reading_free (LlUiReading *reading)
{
  if (reading == NULL)
    return;
  g_free (reading->status);
  g_free (reading->headline);
  g_free (reading->details);
  g_free (reading->from);
  g_free (reading->subject);
  g_free (reading->body);
  g_free (reading);
}

static char *
dup_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_dup_string (node) : NULL;
}

static LlUiReading *
parse_report (const char *text)
{
  g_autoptr (JsonNode) root = text != NULL ? json_from_string (text, NULL) : NULL;
  g_autoptr (LlUiReading) reading = g_new0 (LlUiReading, 1);
  JsonObject *object;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return NULL;
  object = json_node_get_object (root);
  reading->status = dup_member (object, "status");
  reading->headline = dup_member (object, "headline");
  if (reading->status == NULL || reading->headline == NULL)
    return NULL;
  reading->good = json_object_get_boolean_member_with_default (object, "good", FALSE);
  reading->details = dup_member (object, "text");
  reading->from = dup_member (object, "from");
  reading->subject = dup_member (object, "subject");
  reading->body = dup_member (object, "body");
  return g_steal_pointer (&reading);
}

static void
on_communicated (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *out = NULL, *trouble = NULL;
  LlUiReading *reading;
  GSubprocess *process = G_SUBPROCESS (source);

  if (!g_subprocess_communicate_utf8_finish (process, result, &out, &trouble, &error))
    {
      g_subprocess_force_exit (process);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  reading = parse_report (out);
  if (reading != NULL)
    g_task_return_pointer (task, reading, (GDestroyNotify)ll_ui_reading_free);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s",
                             trouble != NULL && *trouble != '\0'
                                 ? g_strstrip (trouble)
                                 : _ ("The letterlock program gave no answer."));
}

void
ll_ui_read_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback,
                  gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = NULL;
  const char *program = g_getenv ("LETTERLOCK");

  g_task_set_source_tag (task, ll_ui_read_async);
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                              &error, program != NULL ? program : "letterlock", "mail", "show",
                              "--json", "--", path, NULL);
  if (process == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_subprocess_communicate_utf8_async (process, NULL, cancellable, on_communicated,
                                         g_steal_pointer (&task));
}

LlUiReading *
ll_ui_read_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
