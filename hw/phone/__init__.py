"""Satellite and GSM telephones behind AT commands (3GPP TS 27.007 voice, 27.005 short messages in PDU mode)."""
