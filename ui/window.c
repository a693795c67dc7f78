/* window.c - what enters: a file that somebody opened or dropped. What leaves: what the letterlock
 * program says of it, on the screen. Text from a message goes into plain labels and a plain text
 * view: never markup (rule 4). */
#include <config.h>

#include <glib/gi18n.h>

#include "ui/reader.h"
#include "ui/window.h"

struct _LlWindow
{
  AdwApplicationWindow parent;

  /* Owned References */
  GCancellable *cancellable; /* of the reading that is under way, or NULL */
  GtkFileChooserNative *chooser;

  /* Template References */
  GtkStack *stack;
  GtkButton *open_button;
  AdwStatusPage *trouble_page;
  GtkImage *status_icon;
  GtkLabel *headline_label;
  GtkLabel *details_label;
  GtkLabel *from_label;
  GtkLabel *subject_label;
  GtkTextView *body_view;
};

G_DEFINE_FINAL_TYPE (LlWindow, ll_window, ADW_TYPE_APPLICATION_WINDOW)

/* --- showing ---------------------------------------------------------------------------------- */

static void
show_trouble (LlWindow *self, const char *message)
{
  /* a status page reads its description as markup */
  g_autofree char *escaped = g_markup_escape_text (message, -1);

  adw_status_page_set_description (self->trouble_page, escaped);
  gtk_stack_set_visible_child_name (self->stack, "trouble");
}

static const char *
icon_for (const LlUiReading *reading)
{
  if (reading->good)
    return "emblem-ok-symbolic";
  if (g_str_equal (reading->status, "encrypted-unverified"))
    return "channel-secure-symbolic";
  if (g_str_equal (reading->status, "cannot-decrypt"))
    return "changes-prevent-symbolic";
  return "dialog-information-symbolic";
}

static void
show_reading (LlWindow *self, const LlUiReading *reading)
{
  gtk_image_set_from_icon_name (self->status_icon, icon_for (reading));
  gtk_label_set_text (self->headline_label, reading->headline);
  gtk_label_set_text (self->details_label, reading->details != NULL ? reading->details : "");
  gtk_label_set_text (self->from_label, reading->from != NULL ? reading->from : "");
  gtk_label_set_text (self->subject_label, reading->subject != NULL ? reading->subject : "");
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->body_view),
                            reading->body != NULL ? reading->body : "", -1);
  gtk_stack_set_visible_child_name (self->stack, "reading");
  gtk_widget_grab_focus (GTK_WIDGET (self->body_view));
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (LlWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LlUiReading) reading = ll_ui_read_finish (result, &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return; /* another message was opened meanwhile */
  g_clear_object (&self->cancellable);
  if (reading != NULL)
    show_reading (self, reading);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    gtk_stack_set_visible_child_name (self->stack, "empty");
  else
    show_trouble (self, error->message);
}

static void
cancel_reading (LlWindow *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

void
ll_window_open (LlWindow *self, GFile *file)
{
  g_autofree char *path = NULL;

  g_return_if_fail (LL_IS_WINDOW (self));
  path = g_file_get_path (file);
  if (path == NULL)
    {
      show_trouble (self, _ ("Only files on this computer can be opened."));
      return;
    }
  cancel_reading (self);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  gtk_stack_set_visible_child_name (self->stack, "busy");
  ll_ui_read_async (path, self->cancellable, on_read, g_object_ref (self));
}

/* --- actions ---------------------------------------------------------------------------------- */

static void
on_chosen (GtkNativeDialog *dialog, int response, gpointer data)
{
  LlWindow *self = data;
  g_autoptr (GFile) file = NULL;

  g_assert (LL_IS_WINDOW (self));
  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  g_clear_object (&self->chooser);
  if (file != NULL)
    ll_window_open (self, file);
}

static void
open_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  LlWindow *self = LL_WINDOW (widget);

  g_clear_object (&self->chooser);
  self->chooser = gtk_file_chooser_native_new (_ ("Open a Message"), GTK_WINDOW (self),
                                               GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (on_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
cancel_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  cancel_reading (LL_WINDOW (widget));
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, gpointer data)
{
  LlWindow *self = data;

  g_assert (LL_IS_WINDOW (self));
  if (!G_VALUE_HOLDS (value, G_TYPE_FILE))
    return FALSE;
  ll_window_open (self, g_value_get_object (value));
  return TRUE;
}

/* --- the object ------------------------------------------------------------------------------- */

static void
ll_window_dispose (GObject *object)
{
  LlWindow *self = LL_WINDOW (object);

  cancel_reading (self);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->chooser);
  G_OBJECT_CLASS (ll_window_parent_class)->dispose (object);
}

static void
ll_window_class_init (LlWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ll_window_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/letterlock/ui/window.ui");
  gtk_widget_class_bind_template_child (widget_class, LlWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, LlWindow, open_button);
  gtk_widget_class_bind_template_child (widget_class, LlWindow, trouble_page);
  gtk_widget_class_bind_template_child (widget_class, LlWindow, status_icon);
  gtk_widget_class_bind_template_child (widget_class, LlWindow, headline_label);
  gtk_widget_class_bind_template_child (widget_class, LlWindow, details_label);
  gtk_widget_class_bind_template_child (widget_class, LlWindow, from_label);
  gtk_widget_class_bind_template_child (widget_class, LlWindow, subject_label);
  gtk_widget_class_bind_template_child (widget_class, LlWindow, body_view);
  gtk_widget_class_install_action (widget_class, "win.open", NULL, open_action);
  gtk_widget_class_install_action (widget_class, "win.cancel", NULL, cancel_action);
}

static void
ll_window_init (LlWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (G_TYPE_FILE, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (target, "drop", G_CALLBACK (on_drop), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

GtkWidget *
ll_window_new (AdwApplication *application)
{
  return g_object_new (LL_TYPE_WINDOW, "application", application, NULL);
}
