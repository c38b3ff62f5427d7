/* libwasmvm.h: of the real library's interface, the one function that needs no contract. */
#ifndef LIBWASMVM_H
#define LIBWASMVM_H

const char *version_str(void);

#endif
