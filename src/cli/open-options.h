/* open-options.h - the options of commands that open what is encrypted: consent, and keys in files.
 *
 * What enters: the command line. What leaves: a part of the policy.
 */
#pragma once

#include <glib/gi18n.h>

#include "base/policy.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean allow_weak;
  char **key_files;
} LlOpenOptions;

extern LlOpenOptions ll_open_options;

/* clang-format off */
#define LL_OPEN_OPTIONS \
  { "allow-weak", 0, 0, G_OPTION_ARG_NONE, &ll_open_options.allow_weak, \
    N_ ("S/MIME: open old messages that are encrypted with 3DES or RC2"), NULL }, \
  { "key-file", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &ll_open_options.key_files, \
    N_ ("S/MIME: decrypt also with the ML-KEM key in this file; may be repeated"), N_ ("FILE") }
/* clang-format on */

/* What was said, into the policy. */
void ll_open_options_apply (LlPolicy *policy);

G_END_DECLS
