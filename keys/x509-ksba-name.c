#include <config.h>

#include <string.h>

#include "bridge/openssl-glue.h"
#include "keys/x509-ksba-name-private.h"

/* The types of RFC 2253 section 2.3; libksba writes all others by their number, with the value in
 * hexadecimal digits. */
static const struct
{
  int nid;
  const char *name;
} known_types[] = {
  { NID_commonName, "CN" },
  { NID_countryName, "C" },
  { NID_localityName, "L" },
  { NID_stateOrProvinceName, "ST" },
  { NID_streetAddress, "STREET" },
  { NID_organizationName, "O" },
  { NID_organizationalUnitName, "OU" },
  { NID_domainComponent, "DC" },
  { NID_userId, "UID" },
};

static const char *
find_type (const ASN1_OBJECT *object)
{
  int nid = OBJ_obj2nid (object);

  for (gsize i = 0; i < G_N_ELEMENTS (known_types); i++)
    if (known_types[i].nid == nid)
      return known_types[i].name;
  return NULL;
}

static void
append_hex (GString *out, const ASN1_STRING *value)
{
  const guint8 *data = ASN1_STRING_get0_data (value);

  g_string_append_c (out, '#');
  for (int i = 0; i < ASN1_STRING_length (value); i++)
    g_string_append_printf (out, "%02X", data[i]);
}

static gboolean
is_text (const ASN1_STRING *value)
{
  static const int types[] = { V_ASN1_UTF8STRING,    V_ASN1_PRINTABLESTRING, V_ASN1_IA5STRING,
                               V_ASN1_TELETEXSTRING, V_ASN1_UNIVERSALSTRING, V_ASN1_BMPSTRING };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (ASN1_STRING_type (value) == types[i])
      return TRUE;
  return FALSE;
}

/* A space or “#” in front and a space at the end are marked, both of them in front: libksba puts
 * the second mark there, and an index has to follow. */
static void
append_text (GString *out, const ASN1_STRING *value)
{
  guchar *text = NULL;
  int length = ASN1_STRING_to_UTF8 (&text, value), i = 0;

  if (length > 0 && (text[0] == ' ' || text[0] == '#'))
    g_string_append_printf (out, "\\%c", text[i++]);
  if (length > i && text[length - 1] == ' ')
    {
      g_string_append (out, "\\ ");
      length--;
    }
  for (; i < length; i++)
    if (text[i] < ' ' || text[i] == 0x7f)
      g_string_append_printf (out, "\\%02X", text[i]);
    else if (text[i] < 0x80 && strchr (",+\"\\<>;", text[i]) != NULL)
      g_string_append_printf (out, "\\%c", text[i]);
    else
      g_string_append_c (out, (char)text[i]);
  OPENSSL_free (text);
}

static void
append_entry (GString *out, const X509_NAME_ENTRY *entry)
{
  const ASN1_OBJECT *object = X509_NAME_ENTRY_get_object (entry);
  const ASN1_STRING *value = X509_NAME_ENTRY_get_data (entry);
  const char *type = find_type (object);
  char number[256] = "";

  if (type == NULL)
    OBJ_obj2txt (number, sizeof number, object, 1);
  g_string_append_printf (out, "%s=", type != NULL ? type : number);
  if (type != NULL && is_text (value))
    append_text (out, value);
  else
    append_hex (out, value);
}

/* The entries of one set keep their order; the sets are turned round. */
char *
ll_x509_ksba_name (const X509_NAME *name)
{
  g_autoptr (GString) out = g_string_new (NULL);
  int end = X509_NAME_entry_count (name);

  while (end > 0)
    {
      int set = X509_NAME_ENTRY_set (X509_NAME_get_entry (name, end - 1)), start = end - 1;

      while (start > 0 && X509_NAME_ENTRY_set (X509_NAME_get_entry (name, start - 1)) == set)
        start--;
      for (int i = start; i < end; i++)
        {
          if (out->len > 0)
            g_string_append_c (out, i == start ? ',' : '+');
          append_entry (out, X509_NAME_get_entry (name, i));
        }
      end = start;
    }
  return out->len > 0 ? g_string_free (g_steal_pointer (&out), FALSE) : NULL;
}
