/* Commands that change something. Source: docs/panel-protocol.md, "Commands". */
#ifndef ORDER_H
#define ORDER_H

#include <stdint.h>

#include "outcome.h"

enum outcome order_heartbeat(char *const words[], uint8_t count);
enum outcome order_time(char *const words[], uint8_t count);
enum outcome order_override(char *const words[], uint8_t count);
enum outcome order_begin(char *const words[], uint8_t count);
enum outcome order_stage_era(char *const words[], uint8_t count);
enum outcome order_stage_span(char *const words[], uint8_t count);
enum outcome order_verify(char *const words[], uint8_t count);
enum outcome order_commit(char *const words[], uint8_t count);
enum outcome order_trim(char *const words[], uint8_t count);
enum outcome order_calibrate(char *const words[], uint8_t count);

#endif
