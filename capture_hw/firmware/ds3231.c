#include "ds3231.h"

#include <string.h>

#include "calendar.h"
#include "crc.h"
#include "serial_number.h"

/* Source: Maxim DS3231 data sheet, register map. */
#define MONTH 5u
#define ALARMS 7u
#define CONTROL 14u
#define STATUS 15u
#define OSCILLATOR_STOPPED 0x80u
#define TWELVE_HOURS 0x40u
/* As after its power-on: runs on its battery, no alarms. */
#define CONTROL_PLAIN 0x1Cu
#define FIRST_UTC_S 1704067200ul /* 2024-01-01 */
#define SIGNATURE_SIZE 7u

static uint8_t from_bcd(uint8_t bcd)
{
    return (bcd >> 4) * 10u + (bcd & 0x0F);
}

static uint8_t to_bcd(uint8_t value)
{
    return value / 10u << 4 | value % 10u;
}

/* The alarms are off, so their registers are free; what stands there are moments all the same:
 * second, minute, hour, day; minute, hour, day. Three of them tell one panel from another. */
static void sign(uint8_t signature[SIGNATURE_SIZE])
{
    uint16_t crc = crc_of(SERIAL_NUMBER, sizeof SERIAL_NUMBER - 1);
    const uint8_t moments[SIGNATURE_SIZE] = {
        crc % 60u, crc / 60u % 60u, crc / 3600u, 26, 53, 8, 14,
    };

    for (uint8_t i = 0; i < SIGNATURE_SIZE; i++)
        signature[i] = to_bcd(moments[i]);
}

bool ds3231_can_keep(uint32_t utc_s)
{
    return utc_s >= FIRST_UTC_S && utc_s <= CALENDAR_LAST_UTC_S;
}

void ds3231_fill(uint8_t *registers, uint32_t utc_s)
{
    struct date date = calendar_date(utc_s);

    memset(registers, 0, DS3231_REGISTERS);
    registers[0] = to_bcd(date.second);
    registers[1] = to_bcd(date.minute);
    registers[2] = to_bcd(date.hour);
    registers[3] = 1; /* the day of the week, which nobody reads */
    registers[4] = to_bcd(date.day);
    registers[MONTH] = to_bcd(date.month);
    registers[6] = to_bcd(date.year);
    sign(&registers[ALARMS]);
    registers[CONTROL] = CONTROL_PLAIN;
}

bool ds3231_parse(const uint8_t *registers, uint32_t *utc_s)
{
    uint8_t signature[SIGNATURE_SIZE];
    const struct date date = {
        from_bcd(registers[0]), from_bcd(registers[1]), from_bcd(registers[2]),
        from_bcd(registers[4]), from_bcd(registers[MONTH]), from_bcd(registers[6]),
    };

    sign(signature);
    if ((registers[STATUS] & OSCILLATOR_STOPPED) || (registers[2] & TWELVE_HOURS)
        || !calendar_is_date(&date) || memcmp(&registers[ALARMS], signature, sizeof signature))
        return false;
    *utc_s = calendar_utc(&date);
    return ds3231_can_keep(*utc_s);
}
