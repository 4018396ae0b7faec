/* A libgupnp-igd-1.0.so.4 that knows no gateway: what libnice asks of it, and no more.

   The true one brings libsoup 3 into programs that are linked with libsoup 2.4, and both together abort. Port mapping is never
   wanted where tests run. */

unsigned long gupnp_simple_igd_get_type(void) { return 0; }

void *gupnp_simple_igd_thread_new(void) { return 0; }

void gupnp_simple_igd_add_port(void) {}

void gupnp_simple_igd_remove_port_local(void) {}
