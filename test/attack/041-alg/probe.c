/* Row 41: AF_ALG (family 38). */
#include "family.h"

int main(void)
{
	saw_family(38, SOCK_SEQPACKET, 0);
	return 0;
}
