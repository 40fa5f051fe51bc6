#include "twi.h"

#include <avr/io.h>
#include <util/delay.h>
#include <util/twi.h>

/* 16 registers take 1.8 ms at 100 kHz; a bus that is held takes for ever. */
#define MOST_TICKS 3u
/* 16 MHz / (16 + 2 * 72) = 100 kHz. Source: ATmega328P, TWBR. */
#define DIVISOR 72u
#define GO (_BV(TWINT) | _BV(TWEN))
/* A device that was cut off while sending a byte lets go of the line after nine clocks at most.
 * Source: NXP UM10204, 3.1.16. */
#define FREEING_CLOCKS 9u
#define HALF_CLOCK_US 5

static enum twi_state state;
static bool has_failed;
static bool is_reading;
static bool has_sent_register;
static uint8_t device;
static uint8_t first;
static uint8_t *bytes;
static uint8_t left;
static uint8_t ticks;

static void free_bus(void)
{
    /* Lines are pulled up: low is driven, high is let go. */
    PORTC &= ~_BV(PC5);
    for (uint8_t i = 0; i < FREEING_CLOCKS; i++) {
        DDRC |= _BV(PC5);
        _delay_us(HALF_CLOCK_US);
        DDRC &= ~_BV(PC5);
        _delay_us(HALF_CLOCK_US);
    }
}

static void fail(void)
{
    TWCR = 0;
    has_failed = true;
    state = TWI_FAILED;
}

static void stop(void)
{
    TWCR = GO | _BV(TWSTO);
    state = TWI_DONE;
}

void twi_begin(bool reading, uint8_t from, uint8_t start, uint8_t *buffer, uint8_t length)
{
    if (has_failed)
        free_bus();
    has_failed = false;
    has_sent_register = false;
    is_reading = reading;
    device = from;
    first = start;
    bytes = buffer;
    left = length;
    ticks = 0;
    state = TWI_BUSY;
    TWBR = DIVISOR;
    TWSR = 0;
    TWCR = GO | _BV(TWSTA);
}

static void send(uint8_t byte)
{
    TWDR = byte;
    TWCR = GO;
}

/* Acknowledge all but the last byte. */
static void receive(void)
{
    TWCR = left > 1 ? GO | _BV(TWEA) : GO;
}

static void go_on_writing(void)
{
    if (!has_sent_register) {
        has_sent_register = true;
        send(first);
    } else if (is_reading) {
        TWCR = GO | _BV(TWSTA);
    } else if (left) {
        left--;
        send(*bytes++);
    } else {
        stop();
    }
}

static void go_on(void)
{
    switch (TW_STATUS) {
    case TW_START:
        send(device | TW_WRITE);
        break;
    case TW_REP_START:
        send(device | TW_READ);
        break;
    case TW_MT_SLA_ACK:
    case TW_MT_DATA_ACK:
        go_on_writing();
        break;
    case TW_MR_SLA_ACK:
        receive();
        break;
    case TW_MR_DATA_ACK:
    case TW_MR_DATA_NACK:
        *bytes++ = TWDR;
        if (--left)
            receive();
        else
            stop();
        break;
    default:
        fail();
    }
}

enum twi_state twi_turn(bool has_ticked)
{
    enum twi_state said;

    if (state == TWI_BUSY && (TWCR & _BV(TWINT)))
        go_on();
    if (state == TWI_BUSY && has_ticked && ++ticks > MOST_TICKS)
        fail();
    said = state;
    if (said != TWI_BUSY)
        state = TWI_IDLE;
    return said;
}
