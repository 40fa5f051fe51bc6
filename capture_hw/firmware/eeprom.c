#include "eeprom.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

/* Bytes that are there already are skipped quickly, but a turn must end. */
#define SKIPPED_A_TURN 16u

static const uint8_t *next;
static uint16_t where;
static uint16_t left;

/* It only wakes the main loop; it would come again at once if it stayed on. */
ISR(EE_READY_vect)
{
    EECR &= ~_BV(EERIE);
}

static uint8_t read_byte(uint16_t address)
{
    EEAR = address;
    EECR |= _BV(EERE);
    return EEDR;
}

static void write_byte(uint16_t address, uint8_t byte)
{
    EEAR = address;
    EEDR = byte;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        EECR = _BV(EEMPE);
        EECR |= _BV(EEPE);
        EECR |= _BV(EERIE);
    }
}

static bool is_writing_byte(void)
{
    return EECR & _BV(EEPE);
}

void eeprom_read(uint16_t address, void *bytes, uint16_t length)
{
    uint8_t *byte = bytes;

    while (length--)
        *byte++ = read_byte(address++);
}

bool eeprom_holds(uint16_t address, const void *bytes, uint16_t length)
{
    const uint8_t *byte = bytes;

    while (length--)
        if (read_byte(address++) != *byte++)
            return false;
    return true;
}

bool eeprom_write(uint16_t address, const void *bytes, uint16_t length)
{
    if (left)
        return false;
    next = bytes;
    where = address;
    left = length;
    return true;
}

bool eeprom_is_idle(void)
{
    return !left && !is_writing_byte();
}

bool eeprom_can_go_on(void)
{
    return left && !is_writing_byte();
}

void eeprom_turn(void)
{
    for (uint8_t skipped = 0; left && !is_writing_byte() && skipped < SKIPPED_A_TURN; skipped++) {
        uint8_t byte = *next++;
        uint16_t address = where++;

        left--;
        if (read_byte(address) != byte) {
            write_byte(address, byte);
            return;
        }
    }
}
