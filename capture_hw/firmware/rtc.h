/* A DS3231 real-time clock, if there is one: the panel's clock is kept to it. */
#ifndef RTC_H
#define RTC_H

#include <stdbool.h>

/* Take up where a reset has cut in: a time that only the host has given since it was last read is
 * written to it before it is believed. */
void rtc_begin(void);

/* Go on talking to it; nothing is waited for. Return whether it has set the clock. */
bool rtc_turn(bool has_ticked);

/* Set it to the panel's clock, at the next full second, until it is read back; meanwhile it is not
 * believed. Years before 2024 and after 2099 it does not keep. */
void rtc_follow(void);

/* Return whether it answers, runs and knows the time. */
bool rtc_is_present(void);

/* Return whether a transfer is under way. */
bool rtc_is_busy(void);

#endif
