/* main.c - letterlock-gtk [FILE]: the door for people who like windows. */
#include <config.h>

#include <glib/gi18n.h>
#include <locale.h>

#include "ui/window.h"

static void
on_open (GApplication *application, GFile **files, int n_files, const char *hint, gpointer data)
{
  for (int i = 0; i < n_files; i++)
    {
      GtkWidget *window = ll_window_new (ADW_APPLICATION (application));
      gtk_window_present (GTK_WINDOW (window));
      ll_window_open (LL_WINDOW (window), files[i]);
    }
}

static void
on_activate (GApplication *application, gpointer data)
{
  gtk_window_present (GTK_WINDOW (ll_window_new (ADW_APPLICATION (application))));
}

static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer application)
{
  g_application_quit (application);
}

static void
about_action (GSimpleAction *action, GVariant *parameter, gpointer application)
{
  adw_show_about_window (gtk_application_get_active_window (application), "application-name",
                         _ ("Letterlock"), "application-icon", "org.letterlock.Letterlock",
                         "version", PACKAGE_VERSION, "comments",
                         _ ("Says what the signature and the encryption of a message are worth."),
                         "license-type", GTK_LICENSE_GPL_3_0, NULL);
}

static const GActionEntry actions[] = {
  { .name = "quit", .activate = quit_action },
  { .name = "about", .activate = about_action },
};

static void
on_startup (GApplication *application, gpointer data)
{
  static const struct
  {
    const char *action;
    const char *keys[2];
  } keys[] = {
    { "win.open", { "<Control>o" } }, { "app.quit", { "<Control>q" } },
    { "win.cancel", { "Escape" } },   { "window.close", { "<Control>w" } },
    { "app.about", { "F1" } },
  };

  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions),
                                   application);
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (application), keys[i].action,
                                           (const char *const *)keys[i].keys);
}

int
main (int argc, char **argv)
{
  g_autoptr (AdwApplication) application = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  application = adw_application_new ("org.letterlock.Letterlock",
                                     G_APPLICATION_HANDLES_OPEN | G_APPLICATION_NON_UNIQUE);
  g_application_set_option_context_parameter_string (G_APPLICATION (application), _ ("[FILE…]"));
  g_application_set_option_context_summary (G_APPLICATION (application),
                                            _ ("Says what the signature and the encryption of a "
                                               "message are worth."));
  g_signal_connect (application, "startup", G_CALLBACK (on_startup), NULL);
  g_signal_connect (application, "activate", G_CALLBACK (on_activate), NULL);
  g_signal_connect (application, "open", G_CALLBACK (on_open), NULL);
  return g_application_run (G_APPLICATION (application), argc, argv);
}
