/* settings.h - $XDG_CONFIG_HOME/letterlock/letterlock.conf, read into a policy. */
#pragma once

#include "base/policy.h"

G_BEGIN_DECLS

/* Where the settings are, whether or not the file exists. (transfer full) */
char *ll_settings_path (void);

/* Sets in `policy` what the file says ([smime] anchors, revocation, crls, cipher, digest, pss,
 * oaep, key-id, profile, learn; [openpgp] program, always-trust; [encrypt] to-self). A file that is
 * not there changes nothing. Errors: LL_ERROR_BAD_DATA naming the file and the entry. */
gboolean ll_settings_load (const char *path, LlPolicy *policy, GError **error);

G_END_DECLS
