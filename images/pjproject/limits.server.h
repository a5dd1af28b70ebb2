/* A voice node of the centre: sizes are compiled in, pjsua2 cuts larger wishes in silence. */
#define SPILLWAY_PROFILE                    "server"
#define PJ_IOQUEUE_MAX_HANDLES              8192
#define PJSUA_MAX_CALLS                     2048
#define PJSUA_MAX_CONF_PORTS                4096
#define PJSUA_MAX_PLAYERS                   1024
#define PJSUA_MAX_RECORDERS                 2048
#define PJSUA_MAX_ACC                       256
