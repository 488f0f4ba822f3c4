/* The one architecture whose numbers mean what they say, and the two doors beside it. */
#ifndef NATIVE_ARCHITECTURE_H
#define NATIVE_ARCHITECTURE_H

#include <linux/audit.h>

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "no such architecture yet: native_architecture.h"
#endif

/* x32 shares x86_64's architecture and sets this bit in the number (arch/x86/include/uapi/asm/unistd.h). */
#define X32_BIT 0x40000000U

#endif
