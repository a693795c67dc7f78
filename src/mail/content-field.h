/* content-field.h - Content-Type and Content-Disposition taken apart (RFC 2045, RFC 2231).
 *
 * What enters: the unfolded value of one field. What leaves: a lower-case value and its parameters,
 * decoded, each name once. Where another reader could take it apart differently and that would
 * change the structure of the message, `ambiguous` says so (IA-06, AT-25). It opens nothing and
 * knows no other field.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char *name;  /* lower case, without the section marks of RFC 2231 */
  char *value; /* UTF-8 where the field says how; otherwise as it stands */
} LlParameter;

typedef struct
{
  char *value;           /* "multipart/signed", "attachment"; "" when there is none */
  GPtrArray *parameters; /* of LlParameter */
  gboolean ambiguous;
} LlContentField;

LlContentField *ll_content_field_parse (const char *text);
void ll_content_field_free (LlContentField *field);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LlContentField, ll_content_field_free)

/* NULL when absent. Borrowed. */
const char *ll_content_field_get (const LlContentField *field, const char *name);

G_END_DECLS
