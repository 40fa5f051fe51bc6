/* Commands that only ask. Source: docs/panel-protocol.md, "Commands". */
#ifndef QUESTION_H
#define QUESTION_H

#include <stdint.h>

#include "outcome.h"

enum outcome question_identify(char *const words[], uint8_t count);
enum outcome question_limits(char *const words[], uint8_t count);
enum outcome question_uptime(char *const words[], uint8_t count);
enum outcome question_state(char *const words[], uint8_t count);
enum outcome question_clock(char *const words[], uint8_t count);
enum outcome question_counters(char *const words[], uint8_t count);
enum outcome question_program(char *const words[], uint8_t count);
enum outcome question_era(char *const words[], uint8_t count);
enum outcome question_span(char *const words[], uint8_t count);
enum outcome question_sense(char *const words[], uint8_t count);

#endif
