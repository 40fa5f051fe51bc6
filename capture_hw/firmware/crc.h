/* CRC-16/IBM-3740: polynomial 0x1021, start 0xFFFF, no reflection; of "123456789" it is 29B1. */
#ifndef CRC_H
#define CRC_H

#include <stdint.h>
#include <util/crc16.h>

#define CRC_START 0xFFFFu

/* Return the CRC after one byte more. Source: avr-libc, <util/crc16.h>: the XMODEM step is this one. */
static inline uint16_t crc_of_byte(uint16_t crc, uint8_t byte)
{
    return _crc_xmodem_update(crc, byte);
}

/* Return the CRC of so many bytes. */
uint16_t crc_of(const void *bytes, uint16_t length);

#endif
