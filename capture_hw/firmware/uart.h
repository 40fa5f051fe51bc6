/* The line's bytes: 115,200 baud, 8N1, interrupts with a ring buffer each way. */
#ifndef UART_H
#define UART_H

#include <stdbool.h>
#include <stdint.h>

/* A whole line fits into each buffer. */
#define UART_BUFFER 128u

void uart_begin(void);

/* Take the next byte that was received; false if there is none. */
bool uart_take(uint8_t *byte);

/* Return whether a received byte waits. */
bool uart_has_received(void);

/* Return how many bytes more can be sent without waiting. */
uint8_t uart_room(void);

/* Send a byte. There must be room. */
void uart_put(uint8_t byte);

/* Return how many bytes came too fast since the start, modulo 65,536. */
uint16_t uart_lost(void);

#endif
