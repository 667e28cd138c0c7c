
/* Signs and cards of a plan's map. Cards are built from text nodes, so a name is never read as HTML. */
var planMap = {
  card: function (feature, layer) {
    var rows = feature.properties.card;
    if (!rows) { return; }
    rows = rows.map(function (row) { return row.map(decodeURIComponent); });
    layer.bindPopup(function () {
      var table = document.createElement('table');
      table.className = 'lp-card';
      rows.forEach(function (row) {
        var line = table.insertRow();
        row.forEach(function (text) { line.insertCell().appendChild(document.createTextNode(text)); });
      });
      return table;
    });
    layer.bindTooltip(function () {
      var name = document.createElement('span');
      name.appendChild(document.createTextNode(rows[0][1]));
      return name;
    }, {sticky: true});
  },
  point: function (feature, latlng) {
    var what = feature.properties;
    if (!what.sign) { return L.circleMarker(latlng, what.style); }
    var icon = L.divIcon({className: 'lp-sign', html: what.sign, iconSize: [what.size, what.size]});
    return L.marker(latlng, {icon: icon, alt: decodeURIComponent(what.card[0][1]), riseOnHover: true});
  }
};
