/* One gateway: a few lines, their telephones and recorders, on a small computer. */
#define SPILLWAY_PROFILE                    "gateway"
#define PJ_IOQUEUE_MAX_HANDLES              256
#define PJSUA_MAX_CALLS                     64
#define PJSUA_MAX_CONF_PORTS                256
#define PJSUA_MAX_PLAYERS                   64
#define PJSUA_MAX_RECORDERS                 64
#define PJSUA_MAX_ACC                       32
