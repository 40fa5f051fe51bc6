/* Which panel this is: given when it is built, see docs/firmware.md. */
#ifndef SERIAL_NUMBER_H
#define SERIAL_NUMBER_H

#ifndef SERIAL_NUMBER
#define SERIAL_NUMBER "unnumbered"
#endif

#endif
