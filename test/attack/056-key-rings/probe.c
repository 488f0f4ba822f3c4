/* Row 56: key rings belong to a user, not to a namespace: memory between jobs. */
#include "probe.h"

int main(void)
{
	/* KEYCTL_GET_KEYRING_ID 0, KEY_SPEC_PROCESS_KEYRING -2 and KEY_SPEC_USER_KEYRING -4. */
	saw("add-key", syscall(SYS_add_key, "user", "stockade-probe", "x", 1, -2));
	saw("request-key", syscall(SYS_request_key, "user", "stockade-probe", NULL, -2));
	saw("user-ring", syscall(SYS_keyctl, 0, -4, 1));
	saw_open("listed-keys", "/proc/keys", O_RDONLY);
	return 0;
}
