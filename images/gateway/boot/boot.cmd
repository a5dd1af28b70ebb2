# Which slot starts. U-Boot runs this from the FAT partition "bootcfg"; the same file on a Pi and in the VM.
#
# State: GPT partition "env", two copies of 0x4000 bytes at 0 and 0x80000 as fw_setenv and RAUC write them: crc32, one
# byte that counts up, variables. U-Boot's own "env import -c" knows a header without the count: so the crc is copied
# one byte up, over the count, and looked at there. Only three variables are taken over. All numbers are hexadecimal.
if test "${devtype}" = "virtio"; then
  setenv base 40000000; setenv dtb ${fdtcontroladdr}; setenv con ttyAMA0
else
  setenv base 0; setenv dtb ${fdt_addr}; setenv con ttyS1,115200
fi
setexpr kernel ${base} + 4000000
setexpr initrd ${base} + 10000000
setexpr new ${base} + 3000000
setexpr one ${base} + 3100000
setexpr two ${base} + 3200000
part start ${devtype} ${devnum} env first
setexpr second ${first} + 400
${devtype} dev ${devnum}
mw.b ${one} 0 4000
mw.b ${two} 0 4000
${devtype} read ${one} ${first} 20
${devtype} read ${two} ${second} 20
setexpr at ${one} + 4
setexpr.b count1 *${at}
setexpr at ${two} + 4
setexpr.b count2 *${at}
setexpr body1 ${one} + 1
setexpr body2 ${two} + 1
cp.b ${one} ${new} 4
cp.b ${new} ${body1} 4
cp.b ${two} ${new} 4
cp.b ${new} ${body2} 4
setenv newer 2
if itest ${count1} -ge ${count2}; then setenv newer 1; fi
if test "${count1}" = "ff" -a "${count2}" = "0"; then setenv newer 2; fi
if test "${count1}" = "0" -a "${count2}" = "ff"; then setenv newer 1; fi
setenv copy 0
setenv take1 'if env import -c ${body1} 3fff BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT; then setenv copy 1; else echo SPILLWAY: copy 1 is damaged; fi'
setenv take2 'if env import -c ${body2} 3fff BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT; then setenv copy 2; else echo SPILLWAY: copy 2 is damaged; fi'
if test ${newer} = 1; then run take2; run take1; else run take1; run take2; fi
setenv count 0
if test ${copy} = 1; then setenv count ${count1}; fi
if test ${copy} = 2; then setenv count ${count2}; fi
test -n "${BOOT_ORDER}" || setenv BOOT_ORDER "A B"
test -n "${BOOT_A_LEFT}" || setenv BOOT_A_LEFT 3
test -n "${BOOT_B_LEFT}" || setenv BOOT_B_LEFT 3
echo "SPILLWAY: copy ${copy} order ${BOOT_ORDER} A=${BOOT_A_LEFT} B=${BOOT_B_LEFT}"
setenv slot
for each in "${BOOT_ORDER}"; do
  if test -n "${slot}"; then
    true
  elif test "${each}" = "A"; then
    if itest ${BOOT_A_LEFT} -gt 0; then setexpr BOOT_A_LEFT ${BOOT_A_LEFT} - 1; setenv slot A; setenv small a; fi
  elif test "${each}" = "B"; then
    if itest ${BOOT_B_LEFT} -gt 0; then setexpr BOOT_B_LEFT ${BOOT_B_LEFT} - 1; setenv slot B; setenv small b; fi
  fi
done
if test -z "${slot}"; then
  echo SPILLWAY: no tries left, filling up the slots that stand in the order
  if test "${BOOT_ORDER}" = "A B" -o "${BOOT_ORDER}" = "B A" -o "${BOOT_ORDER}" = "A" -o "${BOOT_ORDER}" = "B"; then
    true
  else
    setenv BOOT_ORDER "A B"
  fi
  for each in "${BOOT_ORDER}"; do setenv BOOT_${each}_LEFT 3; done
fi
# The copy that is not in use is written, with the next count: a power cut leaves the other.
setexpr count ${count} + 1
if test "${count}" = "100"; then setenv count 0; fi
mw.b ${new} 0 4000
setexpr body ${new} + 1
env export -c -s 3fff ${body} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
cp.b ${body} ${new} 4
setexpr at ${new} + 4
mw.b ${at} ${count} 1
if test ${copy} = 1; then
  ${devtype} write ${new} ${second} 20
else
  ${devtype} write ${new} ${first} 20
fi
if test -z "${slot}"; then reset; fi
echo "SPILLWAY: starting slot ${slot}, order ${BOOT_ORDER} A=${BOOT_A_LEFT} B=${BOOT_B_LEFT}"
part number ${devtype} ${devnum} boot_${small} boot
setenv bootargs "console=${con} root=PARTLABEL=system_${small} ro quiet systemd.show_status=0 systemd.getty_auto=0 panic=5 net.ifnames=0 rauc.slot=${slot}"
if load ${devtype} ${devnum}:${boot} ${kernel} vmlinuz; then
  if load ${devtype} ${devnum}:${boot} ${initrd} initrd.img; then
    booti ${kernel} ${initrd}:${filesize} ${dtb}
  fi
fi
echo SPILLWAY: slot ${slot} did not start, reset
sleep 1
reset
