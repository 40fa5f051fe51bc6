#include "calendar.h"

#include <avr/pgmspace.h>

#define DAY_S 86400ul
#define FOUR_YEARS 1461u
#define YEAR 365u
#define FEBRUARY 2u

static const uint8_t month_days[] PROGMEM = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

/* Every fourth one, 2000 among them. */
static bool is_leap(uint8_t year)
{
    return year % 4 == 0;
}

static uint8_t days_of(uint8_t year, uint8_t month)
{
    return pgm_read_byte(&month_days[month - 1]) + (month == FEBRUARY && is_leap(year));
}

uint32_t calendar_utc(const struct date *date)
{
    uint32_t days = date->year * YEAR + (date->year + 3u) / 4u + date->day - 1u;

    for (uint8_t month = 1; month < date->month; month++)
        days += days_of(date->year, month);
    return CALENDAR_FIRST_UTC_S + days * DAY_S + date->hour * 3600ul + date->minute * 60u
           + date->second;
}

struct date calendar_date(uint32_t utc_s)
{
    uint32_t since_s = utc_s - CALENDAR_FIRST_UTC_S;
    uint16_t days = since_s / DAY_S;
    uint32_t in_day_s = since_s % DAY_S;
    struct date date = {in_day_s % 60u, in_day_s / 60u % 60u, in_day_s / 3600u, 1, 1, 0};

    date.year = days / FOUR_YEARS * 4u;
    days %= FOUR_YEARS;
    while (days >= YEAR + is_leap(date.year)) {
        days -= YEAR + is_leap(date.year);
        date.year++;
    }
    while (days >= days_of(date.year, date.month)) {
        days -= days_of(date.year, date.month);
        date.month++;
    }
    date.day += days;
    return date;
}

bool calendar_is_date(const struct date *date)
{
    return date->second < 60 && date->minute < 60 && date->hour < 24 && date->year < 100
           && date->month >= 1 && date->month <= 12 && date->day >= 1
           && date->day <= days_of(date->year, date->month);
}
