/* Rust's std takes random numbers from this library of Windows, which Wine 8 lacks. For tests only. */
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID bytes, ULONG length); /* RtlGenRandom */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T length) {
    return SystemFunction036(bytes, (ULONG)length);
}
