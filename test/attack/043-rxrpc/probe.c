/* Row 43: AF_RXRPC (family 33), over IPv4. */
#include "family.h"

int main(void)
{
	saw_family(33, SOCK_DGRAM, 2);
	return 0;
}
