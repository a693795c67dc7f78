/* test-window.c - the window under a real X server (window-test.sh starts one), with the real
 * letterlock program behind it. In: the messages that window-test.sh made, named by the environment
 * variables SIGNED, HOSTILE and PICTURE. Widgets are asked through their accessible properties, as
 * a screen reader asks. */
#include <config.h>

#include <gsk/gsk.h>

#include "ui/reader.h"
#include "ui/window.h"

static AdwApplication *application;

/* --- looking at widgets ----------------------------------------------------------------------- */

static GtkWidget *
child (LlWindow *window, const char *name)
{
  return GTK_WIDGET (gtk_widget_get_template_child (GTK_WIDGET (window), LL_TYPE_WINDOW, name));
}

static const char *
page (LlWindow *window)
{
  return gtk_stack_get_visible_child_name (GTK_STACK (child (window, "stack")));
}

static gboolean
on_deadline (gpointer late)
{
  *(gboolean *)late = TRUE;
  return G_SOURCE_REMOVE;
}

/* Runs the main loop until that page is shown, or for 20 seconds. */
static void
wait_for_page (LlWindow *window, const char *name)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add_seconds (20, on_deadline, &late);

  while (!late && g_strcmp0 (page (window), name) != 0)
    g_main_context_iteration (NULL, TRUE);
  if (!late)
    g_source_remove (timer);
  g_assert_cmpstr (page (window), ==, name);
}

static LlWindow *
new_window (void)
{
  GtkWidget *window = ll_window_new (application);

  gtk_window_present (GTK_WINDOW (window));
  return LL_WINDOW (window);
}

static LlWindow *
open_message (const char *path, const char *expected_page)
{
  LlWindow *window = new_window ();
  g_autoptr (GFile) file = g_file_new_for_path (path);

  ll_window_open (window, file);
  g_assert_cmpstr (page (window), ==, "busy");
  wait_for_page (window, expected_page);
  return window;
}

/* What a screen reader says for a label. */
static void
assert_spoken (GtkWidget *widget, const char *text)
{
  g_autofree char *difference
      = gtk_test_accessible_check_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                            text);
  g_assert_cmpstr (difference, ==, NULL);
}

static const char *
label_text (LlWindow *window, const char *name)
{
  return gtk_label_get_text (GTK_LABEL (child (window, name)));
}

/* --- the stories ------------------------------------------------------------------------------ */

static void
test_invites (void)
{
  LlWindow *window = new_window ();

  g_assert_cmpstr (page (window), ==, "empty");
  g_assert_true (gtk_widget_get_visible (child (window, "open_button")));
  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (child (window, "open_button")),
                                   GTK_ACCESSIBLE_ROLE_BUTTON);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer answer)
{
  g_autoptr (GError) error = NULL;

  *(LlUiReading **)answer = ll_ui_read_finish (result, &error);
  g_assert_no_error (error);
}

static void
test_shows_verdict (void)
{
  g_autoptr (LlUiReading) reading = NULL;
  LlWindow *window = open_message (g_getenv ("SIGNED"), "reading");

  ll_ui_read_async (g_getenv ("SIGNED"), NULL, on_asked, &reading);
  while (reading == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (reading->good);
  g_assert_cmpstr (label_text (window, "headline_label"), ==, reading->headline);
  assert_spoken (child (window, "headline_label"), reading->headline);
  g_assert_cmpstr (label_text (window, "subject_label"), ==, "桜の便り");
  g_assert_nonnull (strstr (label_text (window, "from_label"), "alice@example.org"));
  g_assert_cmpstr (label_text (window, "details_label"), ==, reading->details);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_no_markup (void)
{
  LlWindow *window = open_message (g_getenv ("HOSTILE"), "reading");

  g_assert_nonnull (strstr (label_text (window, "subject_label"), "<b>signed</b>"));
  g_assert_false (gtk_label_get_use_markup (GTK_LABEL (child (window, "subject_label"))));
  g_assert_false (gtk_label_get_use_markup (GTK_LABEL (child (window, "from_label"))));
  g_assert_false (gtk_label_get_use_markup (GTK_LABEL (child (window, "headline_label"))));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_trouble (void)
{
  LlWindow *window = open_message ("/nowhere/at-all.eml", "trouble");
  const char *told
      = adw_status_page_get_description (ADW_STATUS_PAGE (child (window, "trouble_page")));

  g_assert_nonnull (strstr (told, "at-all.eml"));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_closed_early (void)
{
  LlWindow *window = new_window ();
  g_autoptr (GFile) file = g_file_new_for_path (g_getenv ("SIGNED"));

  ll_window_open (window, file);
  gtk_window_destroy (GTK_WINDOW (window));
  for (int i = 0; i < 50; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (10000);
    }
}

/* A picture of the window for people: PICTURE names the file. */
static void
test_draws (void)
{
  LlWindow *window = open_message (g_getenv ("SIGNED"), "reading");
  g_autoptr (GdkPaintable) paintable = NULL;
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  GtkSnapshot *snapshot = gtk_snapshot_new ();

  for (int i = 0; i < 60; i++)
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_usleep (10000);
    }
  paintable = gtk_widget_paintable_new (GTK_WIDGET (window));
  gdk_paintable_snapshot (paintable, snapshot, gtk_widget_get_width (GTK_WIDGET (window)),
                          gtk_widget_get_height (GTK_WIDGET (window)));
  node = gtk_snapshot_free_to_node (snapshot);
  g_assert_nonnull (node);
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)), node, NULL);
  g_assert_cmpint (gdk_texture_get_width (texture), >=, 360);
  if (g_getenv ("PICTURE") != NULL)
    g_assert_true (gdk_texture_save_to_png (texture, g_getenv ("PICTURE")));
  gtk_window_destroy (GTK_WINDOW (window));
}

static gboolean
end_program (gpointer process)
{
  g_subprocess_send_signal (process, SIGTERM);
  return G_SOURCE_REMOVE;
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer complaints)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8_finish (G_SUBPROCESS (source), result, NULL, complaints, &error);
  g_assert_no_error (error);
}

/* The whole program: it is still there after three seconds, and has complained of nothing. */
static void
test_program_starts (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *complaints = NULL;
  g_autoptr (GSubprocess) process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_PIPE, &error, g_getenv ("LETTERLOCK_GTK"),
                          g_getenv ("SIGNED"), NULL);

  g_assert_no_error (error);
  g_timeout_add_seconds (3, end_program, process);
  g_subprocess_communicate_utf8_async (process, NULL, NULL, on_ended, &complaints);
  while (complaints == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_subprocess_get_if_signaled (process));
  g_assert_cmpint (g_subprocess_get_term_sig (process), ==, SIGTERM);
  g_assert_null (strstr (complaints, "CRITICAL"));
}

static void
on_activate (GApplication *app, gpointer status)
{
  *(int *)status = g_test_run ();
  g_application_quit (app);
}

int
main (int argc, char **argv)
{
  int status = 1;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/window/an empty window invites to open a message", test_invites);
  g_test_add_func ("/window/a message is shown with the verdict of the program",
                   test_shows_verdict);
  g_test_add_func ("/window/text from a message is never markup", test_no_markup);
  g_test_add_func ("/window/a file that cannot be read is named", test_trouble);
  g_test_add_func ("/window/a window may be closed while it reads", test_closed_early);
  g_test_add_func ("/window/the window can be drawn", test_draws);
  g_test_add_func ("/window/the whole program starts and opens a file", test_program_starts);

  application = adw_application_new ("org.letterlock.Test", G_APPLICATION_NON_UNIQUE);
  g_signal_connect (application, "activate", G_CALLBACK (on_activate), &status);
  g_application_run (G_APPLICATION (application), 0, NULL);
  g_object_unref (application);
  return status;
}
