#include "sense.h"

#include <avr/io.h>
#include <stdbool.h>

#include "program.h"

#define CHANNELS 2u
#define READINGS 16u
/* The supply. What a photodiode gives does not follow it: a supply that is 2 % low reads 2 % high, so
 * calibrate with the supply that stays. */
#define REFERENCE _BV(REFS0)

static uint16_t sum[CHANNELS];
static uint16_t mean[CHANNELS];
static uint8_t readings[CHANNELS];
static uint8_t channel;

void sense_begin(void)
{
    DIDR0 = _BV(ADC0D) | _BV(ADC1D);
    ADMUX = REFERENCE;
    /* 16 MHz / 128 = 125 kHz; 10 bits need 50 to 200 kHz. Source: ATmega328P, ADC. */
    ADCSRA = _BV(ADEN) | _BV(ADSC) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
}

void sense_turn(void)
{
    if (ADCSRA & _BV(ADSC))
        return;
    sum[channel] += ADC;
    if (++readings[channel] == READINGS) {
        mean[channel] = (sum[channel] + READINGS / 2) / READINGS;
        sum[channel] = 0;
        readings[channel] = 0;
    }
    channel = channel ? 0 : 1;
    ADMUX = REFERENCE | channel;
    ADCSRA |= _BV(ADSC);
}

uint16_t sense_white(void)
{
    return mean[0];
}

uint16_t sense_ir(void)
{
    return mean[1];
}

uint16_t sense_permille(uint16_t raw, uint16_t full)
{
    uint32_t permille = ((uint32_t)raw * FULL_LEVEL + full / 2) / full;

    /* A wrong calibration must not make a number that no host takes. */
    return permille < FULL_LEVEL ? permille : FULL_LEVEL;
}
