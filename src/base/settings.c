#include <config.h>

#include <glib/gi18n.h>

#include "base/error.h"
#include "base/settings.h"
#include "base/text.h"

char *
ll_settings_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "letterlock", "letterlock.conf", NULL);
}

static gboolean
is_absent (const GError *error)
{
  return g_error_matches (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND)
         || g_error_matches (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND);
}

static gboolean
read_boolean (GKeyFile *file, const char *path, const char *group, const char *key, gboolean *value,
              GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean read = g_key_file_get_boolean (file, group, key, &local);

  if (local == NULL)
    *value = read;
  else if (!is_absent (local))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("%s: “%s” in [%s] must be true or false."), path, key, group);
      return FALSE;
    }
  return TRUE;
}

static void
read_string (GKeyFile *file, const char *group, const char *key, char **value)
{
  g_autofree char *read = g_key_file_get_string (file, group, key, NULL);

  if (read == NULL || *read == '\0')
    return;
  g_free (*value);
  *value = g_steal_pointer (&read);
}

/* “~/roots.pem” as the shell would read it. (transfer full) */
static char *
in_home (const char *path)
{
  return g_str_has_prefix (path, "~/") ? g_build_filename (g_get_home_dir (), path + 2, NULL)
                                       : g_strdup (path);
}

/* SM-05, BR-11: how S/MIME is made. */
static gboolean
read_seal_style (GKeyFile *file, const char *path, LlPolicy *policy, GError **error)
{
  g_autofree char *cipher = NULL, *digest = NULL, *profile = NULL;

  read_string (file, "smime", "cipher", &cipher);
  read_string (file, "smime", "digest", &digest);
  read_string (file, "smime", "profile", &profile);
  if (cipher != NULL)
    policy->cipher = ll_cipher_from_name (cipher);
  if (digest != NULL)
    policy->style.digest = ll_digest_from_name (digest);
  policy->strict = policy->strict || g_strcmp0 (profile, "bsi") == 0;
  if (cipher != NULL && policy->cipher == LL_CIPHER_CHOOSE)
    g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                 _ ("%s: “%s” in [%s] is not a cipher. There are: %s."), path, cipher, "smime",
                 ll_cipher_list ());
  else if (digest != NULL && policy->style.digest == LL_DIGEST_CHOOSE)
    g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                 _ ("%s: “%s” in [%s] is not a digest. There are: %s."), path, digest, "smime",
                 ll_digest_list ());
  else if (profile != NULL && g_strcmp0 (profile, "bsi") != 0)
    g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                 _ ("%s: “%s” in [%s] is not a profile. There is: %s."), path, profile, "smime",
                 "bsi");
  else
    return read_boolean (file, path, "smime", "pss", &policy->style.pss, error)
           && read_boolean (file, path, "smime", "oaep", &policy->style.oaep, error)
           && read_boolean (file, path, "smime", "key-id", &policy->style.key_id, error);
  return FALSE;
}

/* Where, and how far, to look for revoked certificates. */
static gboolean
read_revocation (GKeyFile *file, const char *path, LlPolicy *policy, GError **error)
{
  g_autofree char *mode = NULL;
  g_auto (GStrv) crls = g_key_file_get_string_list (file, "smime", "crls", NULL, NULL);

  read_string (file, "smime", "revocation", &mode);
  if (mode != NULL && !ll_revocation_mode_parse (mode, &policy->revocation))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("%s: “%s” in [%s] is not a way to ask for revocation. There are: %s."), path,
                   mode, "smime", "soft, online, require");
      return FALSE;
    }
  if (crls != NULL && crls[0] != NULL)
    {
      for (gsize i = 0; crls[i] != NULL; i++)
        {
          char *path_in_home = in_home (g_strstrip (crls[i]));
          g_free (crls[i]);
          crls[i] = path_in_home;
        }
      g_strfreev (policy->crl_files);
      policy->crl_files = g_steal_pointer (&crls);
    }
  return TRUE;
}

static void
read_path (GKeyFile *file, const char *group, const char *key, char **value)
{
  g_autofree char *read = NULL;

  read_string (file, group, key, &read);
  if (read == NULL)
    return;
  g_free (*value);
  *value = in_home (read);
}

/* --- entries that nobody reads ---------------------------------------------------------------- */

static const struct
{
  const char *group, *keys;
} known[] = {
  { "smime", "anchors, system-anchors, fetch-issuers, fetch-local, revocation, crls, cipher, "
             "digest, pss, oaep, key-id, profile, learn" },
  { "openpgp", "program, always-trust" },
  { "encrypt", "to-self" },
};

static const char *
known_keys (const char *group)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].group, group))
      return known[i].keys;
  return NULL;
}

static gboolean
check_group (GKeyFile *file, const char *path, const char *group, GError **error)
{
  const char *list = known_keys (group);
  g_auto (GStrv) names = list != NULL ? g_strsplit (list, ", ", -1) : NULL;
  g_auto (GStrv) keys = g_key_file_get_keys (file, group, NULL, NULL);
  g_autofree char *safe_group = ll_text_safe (group, -1);

  if (names == NULL)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("%s: there are no settings under [%s], only under [smime], [openpgp] and "
                      "[encrypt]."),
                   path, safe_group);
      return FALSE;
    }
  for (gsize i = 0; keys != NULL && keys[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *)names, keys[i]))
      {
        g_autofree char *safe = ll_text_safe (keys[i], -1);
        g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                     _ ("%s: “%s” in [%s] is not a setting. There are: %s."), path, safe, group,
                     list);
        return FALSE;
      }
  return TRUE;
}

/* A slip of the pen must not undo what was meant: “revocaton=require” would ask nobody. */
static gboolean
check_names (GKeyFile *file, const char *path, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);

  for (gsize i = 0; groups[i] != NULL; i++)
    if (!check_group (file, path, groups[i], error))
      return FALSE;
  return TRUE;
}

gboolean
ll_settings_load (const char *path, LlPolicy *policy, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &local))
    {
      if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA, _ ("The settings in %s cannot be read: %s"),
                   path, local->message);
      return FALSE;
    }
  if (!check_names (file, path, error))
    return FALSE;
  read_path (file, "smime", "anchors", &policy->anchors_file);
  read_path (file, "openpgp", "program", &policy->gpg_program);
  return read_seal_style (file, path, policy, error) && read_revocation (file, path, policy, error)
         && read_boolean (file, path, "smime", "learn", &policy->learn, error)
         && read_boolean (file, path, "smime", "system-anchors", &policy->system_anchors, error)
         && read_boolean (file, path, "smime", "fetch-issuers", &policy->fetch_issuers, error)
         && read_boolean (file, path, "smime", "fetch-local", &policy->fetch_local, error)
         && read_boolean (file, path, "openpgp", "always-trust", &policy->always_trust, error)
         && read_boolean (file, path, "encrypt", "to-self", &policy->encrypt_to_self, error);
}
