#include "lamp.h"

#include <avr/io.h>

#include "program.h"

#define STEPS 1024ul

/* Counts of Timer1 in 1024 for which the pin is high. */
static uint16_t steps_of(uint16_t level)
{
    return (level * STEPS + FULL_LEVEL / 2) / FULL_LEVEL;
}

void lamp_begin(void)
{
    TCCR1A = _BV(WGM11) | _BV(WGM10);
    TCCR1B = _BV(WGM12) | _BV(CS11);
    lamp_set_ir(FULL_LEVEL);
    lamp_set_white(0);
    DDRB |= _BV(PB1) | _BV(PB2);
}

/* Neither end of the scale is left to the timer: at 0 fast PWM still gives one count of light in
 * 1024, and the top value is only as steady as the timer. Source: ATmega328P, fast PWM mode. */
void lamp_set_ir(uint16_t level)
{
    if (level < IR_FLOOR)
        level = IR_FLOOR;
    if (level >= FULL_LEVEL) {
        PORTB |= _BV(PB1);
        TCCR1A &= ~_BV(COM1A1);
    } else {
        OCR1A = steps_of(level) - 1;
        TCCR1A |= _BV(COM1A1);
    }
}

void lamp_set_white(uint16_t level)
{
    if (!level) {
        PORTB &= ~_BV(PB2);
        TCCR1A &= ~_BV(COM1B1);
        /* So that the next light does not begin with half a millisecond of the last. */
        OCR1B = 0;
    } else if (level >= FULL_LEVEL) {
        PORTB |= _BV(PB2);
        TCCR1A &= ~_BV(COM1B1);
    } else {
        OCR1B = steps_of(level) - 1;
        TCCR1A |= _BV(COM1B1);
    }
}
