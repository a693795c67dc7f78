/* meter.h - an output stream that counts, and that takes no more than so much (VM-08). */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LL_TYPE_METER (ll_meter_get_type ())
G_DECLARE_FINAL_TYPE (LlMeter, ll_meter, LL, METER, GOutputStream)

/* What is written goes to `out`, which stays open, or nowhere when that is NULL. More than `limit`
 * octets are refused: the write fails with LL_ERROR_BAD_DATA. (transfer full) */
LlMeter *ll_meter_new (GOutputStream *out, guint64 limit);

/* How many octets were taken. */
guint64 ll_meter_get_count (LlMeter *meter);

/* TRUE when a write was refused because of the limit. */
gboolean ll_meter_has_refused (LlMeter *meter);

G_END_DECLS
