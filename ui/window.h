/* window.h - the one window: a message and what its signature and encryption are worth. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define LL_TYPE_WINDOW (ll_window_get_type ())
G_DECLARE_FINAL_TYPE (LlWindow, ll_window, LL, WINDOW, AdwApplicationWindow)

GtkWidget *ll_window_new (AdwApplication *application);

/* Reads the message and shows it; what was shown before goes. */
void ll_window_open (LlWindow *window, GFile *file);

G_END_DECLS
