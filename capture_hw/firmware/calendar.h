/* Dates of a real-time clock with two-digit years, 2000 to 2099. */
#ifndef CALENDAR_H
#define CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define CALENDAR_FIRST_UTC_S 946684800ul /* 2000-01-01 */
#define CALENDAR_LAST_UTC_S 4102444799ul /* 2099-12-31 23:59:59 */

struct date {
    uint8_t second, minute, hour;
    uint8_t day, month; /* from 1 */
    uint8_t year;       /* since 2000 */
};

/* Return seconds since 1970. The date must be one (`calendar_is_date`). */
uint32_t calendar_utc(const struct date *date);

/* Return the date of a second between the first and the last one. */
struct date calendar_date(uint32_t utc_s);

/* Return whether there is such a date. */
bool calendar_is_date(const struct date *date);

#endif
