/* AES-GCM encryption of a tick's packets in one call, with the system's OpenSSL. Loaded with ctypes by sealing.py, which documents them.
 *
 * OpenSSL's functions are declared here, so that its headers are not needed to compile this: they are part of its stable ABI. */
#include <stddef.h>
#include <string.h>

typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef struct evp_cipher_st EVP_CIPHER;

EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void);
void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *);
int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *, int, int, void *);
const EVP_CIPHER *EVP_aes_128_gcm(void);
int EVP_EncryptInit_ex(EVP_CIPHER_CTX *, const EVP_CIPHER *, void *engine, const unsigned char *key, const unsigned char *iv);
int EVP_EncryptUpdate(EVP_CIPHER_CTX *, unsigned char *out, int *length, const unsigned char *in, int size);
int EVP_EncryptFinal_ex(EVP_CIPHER_CTX *, unsigned char *out, int *length);

enum { HEAD = 12, NONCE = 12, TAG = 16, GET_TAG = 0x10, AHEAD = 4 };

/* Makes `count` contexts without a key, allocated one after another, so that those used in one call are close in memory. Returns how many were made. */
size_t spacesctl_make(size_t count, void **contexts) {
    static const unsigned char none[16];
    for (size_t i = 0; i < count; i++) {
        contexts[i] = EVP_CIPHER_CTX_new();
        if (contexts[i] == NULL) return i;
        if (EVP_EncryptInit_ex(contexts[i], EVP_aes_128_gcm(), NULL, none, NULL) != 1) {
            EVP_CIPHER_CTX_free(contexts[i]);
            return i;
        }
    }
    return count;
}

/* Sets the key of a context, in place of the one before. Returns 1 on success. */
int spacesctl_key(void *context, const unsigned char *key) { return EVP_EncryptInit_ex(context, NULL, NULL, key, NULL); }

void spacesctl_free(size_t count, void *const *contexts) {
    for (size_t i = 0; i < count; i++) EVP_CIPHER_CTX_free(contexts[i]);
}

/* Makes one packet for each context, without gaps: header, encrypted payload, tag. Returns how many were made: fewer if OpenSSL failed. */
size_t spacesctl_seal(size_t count, void *const *contexts, const unsigned char *nonces, const unsigned char *heads,
                      const unsigned char *payload, int size, unsigned char *packets) {
    for (size_t i = 0; i < count; i++) {
        EVP_CIPHER_CTX *context = contexts[i];
        const unsigned char *head = heads + i * HEAD;
        unsigned char *packet = packets + i * (HEAD + (size_t)size + TAG), *body = packet + HEAD;
        int length;
        if (i + AHEAD < count) __builtin_prefetch(contexts[i + AHEAD]);
        memcpy(packet, head, HEAD);
        if (EVP_EncryptInit_ex(context, NULL, NULL, NULL, nonces + i * NONCE) != 1 ||
            EVP_EncryptUpdate(context, NULL, &length, head, HEAD) != 1 ||
            EVP_EncryptUpdate(context, body, &length, payload, size) != 1 ||
            EVP_EncryptFinal_ex(context, body + size, &length) != 1 ||
            EVP_CIPHER_CTX_ctrl(context, GET_TAG, TAG, body + size) != 1)
            return i;
    }
    return count;
}
