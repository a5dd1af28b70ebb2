"""Which files of system tests may run two at a time: they mostly wait, own nothing that others use, and judge no times.

A file is added after three runs of all of these together without a failure, never because it would be quicker.
"""

BESIDE = frozenset(
    {
        *(
            "test_bench_ports",
            "test_bus_mosquitto",
            "test_bus_tls",
            "test_doctor_network",
            "test_doctor_serial",
        ),
        *(
            "test_doctor_sound",
            "test_journal_kill",
            "test_map27_pty",
            "test_modbus_pty",
            "test_outputs_let_go",
        ),
        *("test_phone_pty", "test_phonesim", "test_ptt_test", "test_relays_pty", "test_tetra_pty"),
        *("test_town_units", "test_trouble_files", "test_voice_strangers"),
        "test_voice_trouble",
        *("test_broker_gate", "test_broker_secured", "test_doctor_front", "test_enrolment", "test_front"),
        *("test_front_command_line", "test_front_gateway", "test_front_headers"),
        *("test_authority_kills", "test_authority_town", "test_backup_kill", "test_broker_reload"),
        *("test_hostile_broker", "test_outbox_kill", "test_people", "test_rigctld", "test_town_secured"),
        *("test_documents_mosquitto", "test_front_town", "test_link_conformance", "test_recordings"),
        *("test_rollout_kill", "test_calls", "test_calls_secured", "test_edge", "test_edge_baresip"),
        *("test_edge_trouble", "test_edge_ways", "test_recording_evidence", "test_town_telephones"),
        *("test_speech_espeak", "test_town_whole", "test_trouble", "test_trouble_disk"),
        *("test_voice_certificates", "test_voice_processes_secured", "test_voice_secured"),
    }
)
"""Files in this folder, by the names of their modules."""
