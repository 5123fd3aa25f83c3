/* `store FILE` adds the certificate in a PEM file to the authorities that the user trusts. For tests only. */
#include <stdio.h>
#include <windows.h>
#include <wincrypt.h>

int wmain(int count, wchar_t **words) {
    static char pem[1 << 16];
    static BYTE der[1 << 16];
    DWORD length = sizeof der;
    FILE *file = count == 2 ? _wfopen(words[1], L"rb") : NULL;
    if (!file) return 1;
    DWORD read = (DWORD)fread(pem, 1, sizeof pem - 1, file);
    if (!CryptStringToBinaryA(pem, read, CRYPT_STRING_BASE64HEADER, der, &length, NULL, NULL)) return 2;
    HCERTSTORE store = CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_CURRENT_USER, L"ROOT");
    if (!store) return 3;
    DWORD how = CERT_STORE_ADD_REPLACE_EXISTING;
    if (!CertAddEncodedCertificateToStore(store, X509_ASN_ENCODING, der, length, how, NULL)) return 4;
    return CertCloseStore(store, 0) ? 0 : 5;
}
