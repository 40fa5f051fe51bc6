#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

/* 16 MHz / 8 / 17 = 117,647 baud, 2.1 % fast, which a line stands: half a bit is lost after 24 bits,
 * and a byte has 10. Source: ATmega328P, USART with U2X0. */
#define DIVISOR 16u
#define MASK (UART_BUFFER - 1)

static volatile uint8_t received[UART_BUFFER];
static volatile uint8_t received_end;
static volatile uint8_t received_begin;
static volatile uint8_t sending[UART_BUFFER];
static volatile uint8_t sending_end;
static volatile uint8_t sending_begin;
static volatile uint16_t lost;

ISR(USART_RX_vect)
{
    uint8_t overrun = UCSR0A & _BV(DOR0);
    uint8_t byte = UDR0;
    uint8_t after = (received_end + 1) & MASK;

    if (overrun)
        lost++;
    if (after == received_begin) {
        lost++;
        return;
    }
    received[received_end] = byte;
    received_end = after;
}

ISR(USART_UDRE_vect)
{
    if (sending_begin == sending_end) {
        UCSR0B &= ~_BV(UDRIE0);
        return;
    }
    UDR0 = sending[sending_begin];
    sending_begin = (sending_begin + 1) & MASK;
}

void uart_begin(void)
{
    UCSR0A = _BV(U2X0);
    UBRR0H = 0;
    UBRR0L = DIVISOR;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

bool uart_has_received(void)
{
    return received_begin != received_end;
}

bool uart_take(uint8_t *byte)
{
    if (!uart_has_received())
        return false;
    *byte = received[received_begin];
    /* The interrupt reads it; one byte is written in one step. */
    received_begin = (received_begin + 1) & MASK;
    return true;
}

uint8_t uart_room(void)
{
    return MASK - ((sending_end - sending_begin) & MASK);
}

void uart_put(uint8_t byte)
{
    sending[sending_end] = byte;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        sending_end = (sending_end + 1) & MASK;
        UCSR0B |= _BV(UDRIE0);
    }
}

uint16_t uart_lost(void)
{
    uint16_t count;

    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        count = lost;
    }
    return count;
}
